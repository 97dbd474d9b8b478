"""What single numbers mean: IANA registries and header bits, as the fields show them."""

from __future__ import annotations

SET = {1: "Set", 0: "Not set"}
CHECKSUM_STATUS = {0: "Bad", 1: "Good", 2: "Unverified", 3: "Not present", 4: "Illegal"}

ETHERTYPE = {
    0x0800: "IPv4", 0x0806: "ARP", 0x0842: "Wake on LAN", 0x6558: "Transparent Ethernet bridging", 0x8035: "RARP",
    0x9000: "Loopback", 0x8100: "802.1Q Virtual LAN",
    0x86DD: "IPv6", 0x8808: "MAC Control", 0x8809: "Slow Protocols", 0x8847: "MPLS label switched packet",
    0x8848: "MPLS multicast", 0x8863: "PPPoE Discovery", 0x8864: "PPPoE Session", 0x888E: "802.1X Authentication",
    0x88A8: "802.1ad Provider Bridge (Q-in-Q)", 0x88CC: "802.1 Link Layer Discovery Protocol (LLDP)",
}  # fmt: skip

IPV6_ROUTING = {
    0: "Source Route", 1: "Nimrod", 2: "Type 2 Routing", 3: "RPL Source Route", 4: "Segment Routing",
    5: "Compact Routing Header 16", 6: "Compact Routing Header 32", 253: "Experiment 1", 254: "Experiment 2",
}  # fmt: skip

#: RFC 2784 takes EtherTypes; Wireshark has its own names for some.
GRE_PROTOCOL = {
    0x0000: "Possible GRE keepalive packet", 0x00FE: "OSI", 0x0800: "IP", 0x0806: "ARP", 0x2000: "CDP (Cisco)",
    0x2001: "NHRP", 0x22EB: "ERSPAN III", 0x6400: "MIKROTIK EoIP", 0x6558: "Transparent Ethernet bridging",
    0x6559: "Frame Relay", 0x8137: "IPX", 0x86DD: "IPv6", 0x880B: "PPP", 0x883E: "WCCP",
    0x8847: "MPLS label switched packet", 0x8881: "CDMA2000 A10 Unstructured byte stream", 0x88BE: "ERSPAN",
    0x88D2: "CDMA2000 A10 3GPP2 Packet", 0x8909: "CiscoMetaData", 0x894F: "Network Service Header",
    0xB7EA: "Huawei GRE bonding", 0xFEAE: "AIROHIVE AP AP",
    **dict.fromkeys((*range(0x8200, 0x8380, 0x10), 0x9000), "ARUBA WLAN"),
}  # fmt: skip

IP_PROTOCOL = {
    0: "IPv6 Hop-by-Hop Option", 1: "ICMP", 2: "IGMP", 4: "IPIP", 6: "TCP", 8: "EGP", 17: "UDP", 33: "DCCP",
    41: "IPv6", 43: "Routing Header for IPv6", 44: "Fragment Header for IPv6", 47: "Generic Routing Encapsulation",
    50: "Encap Security Payload", 51: "Authentication Header", 58: "ICMPv6", 59: "No Next Header for IPv6",
    60: "Destination Options for IPv6", 88: "EIGRP", 89: "OSPF IGP", 103: "PIM", 108: "IPComp", 112: "VRRP",
    115: "Layer 2 Tunneling", 132: "SCTP", 135: "Mobility Header", 136: "UDPlite",
}  # fmt: skip

#: RFC 2474, RFC 2597, RFC 3246, RFC 5865, RFC 8622
DSCP = {
    0: "Default", 1: "Lower Effort", 8: "Class Selector 1", 10: "Assured Forwarding 11", 12: "Assured Forwarding 12",
    14: "Assured Forwarding 13", 16: "Class Selector 2", 18: "Assured Forwarding 21", 20: "Assured Forwarding 22",
    22: "Assured Forwarding 23", 24: "Class Selector 3", 26: "Assured Forwarding 31", 28: "Assured Forwarding 32",
    30: "Assured Forwarding 33", 32: "Class Selector 4", 34: "Assured Forwarding 41", 36: "Assured Forwarding 42",
    38: "Assured Forwarding 43", 40: "Class Selector 5", 44: "Voice Admit", 46: "Expedited Forwarding",
    48: "Class Selector 6", 56: "Class Selector 7",
}  # fmt: skip

#: RFC 3168 section 5
ECN = {
    0: "Not ECN-Capable Transport", 1: "ECN-Capable Transport codepoint '01'",
    2: "ECN-Capable Transport codepoint '10'", 3: "Congestion Experienced",
}  # fmt: skip

ARP_OPCODE = {
    1: "request", 2: "reply", 3: "reverse request", 4: "reverse reply", 5: "drarp request",
    6: "drarp reply", 7: "drarp error", 8: "inverse request", 9: "inverse reply", 10: "arp nak", 23: "mapos unarp",
    24: "experimental 1", 25: "experimental 2",
}  # fmt: skip
HARDWARE = {1: "Ethernet", 6: "IEEE 802", 7: "ARCNET", 15: "Frame Relay DLCI", 16: "ATM", 24: "IEEE 1394.1995",
            32: "InfiniBand", 512: "PPP", 772: "Loopback", 801: "IEEE 802.11"}  # fmt: skip
LOCAL = {1: "Locally administered address (not the factory default)", 0: "Globally unique address (factory default)"}
GROUP = {1: "Group address (multicast/broadcast)", 0: "Individual address (unicast)"}

#: LINKTYPE_LINUX_SLL
COOKED_PACKET = {0: "Unicast to us", 1: "Broadcast", 2: "Multicast", 3: "Unicast to another host", 4: "Sent by us"}
ADDRESS_FAMILY = {2: "IP", 10: "IPv6", 23: "IPv6", 24: "IPv6", 26: "IPv6", 28: "IPv6", 30: "IPv6"}

#: Encapsulation numbers as Wireshark counts them, by LINKTYPE_ of the file.
ENCAPSULATION = {
    0: 15, 1: 1, 6: 2, 7: 8, 9: 4, 10: 6, 12: 7, 14: 7, 50: 4, 51: 139, 100: 10, 101: 7, 104: 28, 105: 20, 107: 26,
    108: 174, 109: 38, 113: 25, 117: 39, 119: 21, 122: 18, 127: 23, 129: 9, 140: 42, 163: 24, 165: 63, 178: 83, 179: 84,
    180: 85, 181: 86, 192: 97, 204: 19, 228: 129, 229: 130, 235: 132, 239: 141, 240: 135, 241: 136, 242: 180, 258: 171,
    274: 198, 276: 210,
}  # fmt: skip
#: Link types that are not read, but have a name, by LINKTYPE_ of the file.
UNREAD_LINKS = {140: ("mtp2",), 165: ("mstp",), 235: ("dvb-ci",)}
ERF = 98  #: of a record in an ERF file, whatever it carries
ENCAPSULATION_NAME = {
    1: "Ethernet", 4: "PPP", 6: "FDDI with bit-swapped MAC addresses", 7: "Raw IP", 9: "Linux ARCNET",
    15: "NULL/Loopback", 20: "IEEE 802.11 Wireless LAN", 23: "IEEE 802.11 plus radiotap radio header",
    25: "Linux cooked-mode capture v1", 28: "Cisco HDLC", 42: "SS7 MTP2", 63: "BACnet MS/TP", 83: "Juniper Ethernet",
    97: "Per-Packet Information header",
    98: "Extensible Record Format", 129: "Raw IPv4", 130: "Raw IPv6", 132: "DVB-CI (Common Interface)",
    141: "NFLOG", 180: "IP over IB", 210: "Linux cooked-mode capture v2",
}  # fmt: skip

ICMP_TYPE = {
    0: "Echo (ping) reply", 3: "Destination unreachable", 4: "Source quench (flow control)", 5: "Redirect",
    8: "Echo (ping) request", 9: "Router advertisement", 10: "Router solicitation", 11: "Time-to-live exceeded",
    12: "Parameter problem", 13: "Timestamp request", 14: "Timestamp reply", 17: "Address mask request",
    18: "Address mask reply",
}  # fmt: skip
ICMP_UNREACHABLE = {
    0: "Network unreachable", 1: "Host unreachable", 2: "Protocol unreachable", 3: "Port unreachable",
    4: "Fragmentation needed", 5: "Source route failed", 6: "Network unknown", 7: "Host unknown",
    9: "Network administratively prohibited", 10: "Host administratively prohibited",
    13: "Communication administratively filtered",
}  # fmt: skip
ICMPV6_TYPE = {
    1: "Destination Unreachable", 2: "Packet Too Big", 3: "Time Exceeded", 4: "Parameter Problem",
    128: "Echo (ping) request", 129: "Echo (ping) reply", 130: "Multicast Listener Query",
    131: "Multicast Listener Report", 132: "Multicast Listener Done", 133: "Router Solicitation",
    134: "Router Advertisement", 135: "Neighbor Solicitation", 136: "Neighbor Advertisement", 137: "Redirect",
    138: "Router Renumbering", 139: "Node Information Query", 140: "Node Information Reply",
    141: "Inverse Neighbor Discovery Solicitation", 142: "Inverse Neighbor Discovery Advertisement",
    143: "Multicast Listener Report Message v2", 144: "Home Agent Address Discovery Request",
    145: "Home Agent Address Discovery Reply", 146: "Mobile Prefix Solicitation", 147: "Mobile Prefix Advertisement",
    148: "Certification Path Solicitation", 149: "Certification Path Advertisement", 150: "Experimental Mobility",
    151: "Multicast Router Advertisement", 152: "Multicast Router Solicitation", 153: "Multicast Router Termination",
    154: "FMIPv6", 155: "RPL Control", 156: "Locator Update", 157: "Duplicate Address Request",
    158: "Duplicate Address Confirmation", 159: "MPL Control Message", 160: "Extended Echo request",
    161: "Extended Echo reply",
}  # fmt: skip

TCP_OPTION = {
    0: "End of Option List", 1: "No-Operation", 2: "Maximum Segment Size", 3: "Window Scale", 4: "SACK Permitted",
    5: "SACK", 6: "Echo", 7: "Echo Reply", 8: "Time Stamp Option", 9: "Partial Order Connection Permitted",
    10: "Partial Order Service Profile", 11: "CC", 12: "CC.NEW", 13: "CC.ECHO", 14: "TCP Alternate Checksum Request",
    15: "TCP Alternate Checksum Data", 19: "MD5 Signature Option", 20: "SCPS Capabilities",
    21: "Selective Negative Acknowledgment", 22: "Record Boundaries", 23: "Corruption experienced",
    27: "Quick-Start Response", 28: "User Timeout Option", 29: "TCP Authentication Option", 30: "Multipath TCP",
    34: "TCP Fast Open Cookie", 76: "Riverbed Probe", 78: "Riverbed Transparency",
    172: "Accurate ECN Order 0", 174: "Accurate ECN Order 1",
    253: "RFC 3692-style Experiment 1", 254: "RFC 3692-style Experiment 2",
}  # fmt: skip

MPTCP_SUBTYPE = {
    0: "Multipath Capable", 1: "Join Connection", 2: "Data Sequence Signal", 3: "Add Address", 4: "Remove Address",
    5: "Change Subflow Priority", 6: "TCP Fallback", 7: "Fast Close", 8: "TCP Reset",
}  # fmt: skip
