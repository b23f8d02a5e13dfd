"""What tokens are issued for: a code, a refresh token, or a relying party by itself."""
