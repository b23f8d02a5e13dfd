"""What an agency may ask and is told: pure rules, no web, no SQL."""
