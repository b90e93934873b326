"""The way of a request: HTTP, who calls, batches, the control plane, and from call to answer."""
