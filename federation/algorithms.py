"""What others may sign with. Never `none`, never a shared secret."""

SIGNING_ALGORITHMS = ("ES256", "PS256", "EdDSA", "Ed25519", "RS256")
STRONG_ALGORITHMS = tuple(name for name in SIGNING_ALGORITHMS if name != "RS256")
"""Those of FAPI 2.0 (section 5.4.1), and of DPoP proofs for everybody."""
