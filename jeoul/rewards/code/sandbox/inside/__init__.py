"""What runs in the processes of the sandbox. The standard library only: a program's process must start small."""
