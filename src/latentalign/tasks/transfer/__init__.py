"""What people align for: markup and labels transferred, lexicons, and what a translation leaves out."""
