"""The emulated portal's old place: `python -m bizproc_admin.sandbox` runs the package `sandbox`."""
