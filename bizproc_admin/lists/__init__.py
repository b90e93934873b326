"""Lists: filter forms, the lines of their rows, pages, and the one way they are all shown."""
