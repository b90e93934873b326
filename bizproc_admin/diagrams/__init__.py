"""Workflow templates read into steps and laid out as diagrams.

Structure -> steps (codes and values, no words) -> words, put in by `wording/` -> layout (numbers
only) -> drawing, an HTML template over the numbers. The structure is what
`bizproc.workflow.template.list` answers, decoded. It knows no Django and nothing of the rest of
this package, and neither reader nor layout recurses: a structure may be 512 levels deep.
"""
