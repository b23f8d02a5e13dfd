"""What a service is told whose registration is refused because of its software statement (RFC 7591 section 3.2.2)."""

from federation.errors import ProtocolError


class InvalidSoftwareStatement(ProtocolError):
    """It is not what it seems, or not for us, or not for now."""

    code = "invalid_software_statement"
    description = "The software statement is not valid."


class UnapprovedSoftwareStatement(ProtocolError):
    """Nobody whom the operator trusts for that has signed it."""

    code = "unapproved_software_statement"
    description = "The software statement is not of an authority approved here."
