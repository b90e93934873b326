"""An emulated Bitrix24 portal: the demo, the development environment and the test double.

Written from the vendor's documents; it shares no code with our client and needs no Django.
"""

from sandbox.sandbox import Sandbox

__all__ = ["Sandbox"]
