"""What the portal sends to applications: a queue, and a thread that posts what is in it."""
