"""`python -m gradstudy`."""

from gradstudy.cli import main

if __name__ == "__main__":
    main()
