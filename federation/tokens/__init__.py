"""What an agency holds after a sign-in: tokens made, refreshed, revoked and looked into."""
