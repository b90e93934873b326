"""The engine that runs workflow templates: starting creates tasks, answering moves on."""
