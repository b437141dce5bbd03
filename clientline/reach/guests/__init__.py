"""The page on which guests book without a sign-in, and the links by which they manage what they booked."""
