"""Who has forgotten the password of their sign-in gets a code by mail, which lets them choose another."""
