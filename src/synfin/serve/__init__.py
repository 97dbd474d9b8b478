"""Speaking TCP through the kernel: an event-driven server and a synchronous client."""

from synfin.serve.address import Address
from synfin.serve.client import Client
from synfin.serve.connection import Connection
from synfin.serve.server import EVENTS, Server

__all__ = ["EVENTS", "Address", "Client", "Connection", "Server"]
