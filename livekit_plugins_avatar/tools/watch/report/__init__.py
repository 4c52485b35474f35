"""Makes a page of an analysis that a person without the field's terms can read."""
