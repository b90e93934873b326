"""What a portal holds: records in tables, its clock, its limits, and the file they are kept in."""
