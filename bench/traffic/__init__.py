"""Generated TCP traffic with known truth: conversations, their bytes, and the files they are written to."""

from traffic.connection import Conversation, Sizes
from traffic.files import PcapFile, PcapngFile
from traffic.truth import Truth

__all__ = ["Conversation", "PcapFile", "PcapngFile", "Sizes", "Truth"]
