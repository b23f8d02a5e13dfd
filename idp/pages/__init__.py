"""Pages for citizens, one job each; every one returns to the interaction, none routes to another."""
