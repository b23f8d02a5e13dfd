"""How a citizen proves who they are: factors, levels, throttling (SP 800-63B)."""
