"""How a message leaves: looked at once more, sent, sent again, and what is heard of it afterwards."""
