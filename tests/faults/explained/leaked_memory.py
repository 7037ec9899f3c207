from multiprocessing import shared_memory

if __name__ == "__main__":
    memory = shared_memory.SharedMemory(create=True, size=10)
    memory.close()
