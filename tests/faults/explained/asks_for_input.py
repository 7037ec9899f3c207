if __name__ == "__main__":
    input("Your name? ")
