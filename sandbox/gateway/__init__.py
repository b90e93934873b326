"""The VibeCode gateway in front of the portal: another API over the same workflows.

Keys, sessions and envelopes are its own; what it does to the portal it does by the portal's
methods, so that its writes stand in the same ledger.
"""
