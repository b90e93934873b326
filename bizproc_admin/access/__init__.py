"""Who may do what: accounts, their roles and sessions, and the ways they come in."""
