"""How a relying party proves who it is, at every endpoint that only relying parties may call.

One method is registered for each and no other is taken. Knows nothing of what they then ask for.
"""

from federation.client_authentication.authentication import authenticate
from federation.client_authentication.keys import RelyingPartyKeys
from federation.client_authentication.presented import Presented

__all__ = ["Presented", "RelyingPartyKeys", "authenticate"]
