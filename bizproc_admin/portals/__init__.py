"""Portals: their connections, how they are reached, how often, and what of them does not answer."""
