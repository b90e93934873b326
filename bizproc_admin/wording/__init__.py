"""All that is said to people, made from keys and values when it is read; nothing here is stored."""
