"""What is wrong with a registration: every fault, each naming its field and what to do."""

from collections.abc import Sequence
from dataclasses import dataclass

from federation.errors import ProtocolError


@dataclass(frozen=True, slots=True)
class Fault:
    """One field that cannot stay as it is. Holds no value that was sent, so it may be shown and logged."""

    field: str
    """Its metadata name, with an index inside a list: `redirect_uris[1]`."""
    problem: str
    """What is wrong and what to do, in printable ASCII without quotes or backslashes (RFC 6749 section 5.2)."""

    def __str__(self) -> str:
        """Return the fault as one sentence."""
        return f"{self.field}: {self.problem}"


class InvalidClientMetadata(ProtocolError):
    """RFC 7591 section 3.2.2: a field has a value that is not allowed. All faults are told at once."""

    code = "invalid_client_metadata"

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        self.description = " ".join(str(fault) for fault in self.faults)
        super().__init__(self.description)


class InvalidRedirectUri(InvalidClientMetadata):
    """RFC 7591 section 3.2.2: nothing but redirection addresses is at fault."""

    code = "invalid_redirect_uri"


def refusal(faults: Sequence[Fault]) -> InvalidClientMetadata:
    """Return the error that fits all `faults`, of which there is at least one."""
    only_redirects = all(fault.field.partition("[")[0] == "redirect_uris" for fault in faults)
    return (InvalidRedirectUri if only_redirects else InvalidClientMetadata)(faults)
