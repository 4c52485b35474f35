"""Commands for those who work on the package; nothing else imports them."""
