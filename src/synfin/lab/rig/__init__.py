"""The bench of the wire: namespaces, devices, the relay between them, the programs at its ends, the witnesses."""
