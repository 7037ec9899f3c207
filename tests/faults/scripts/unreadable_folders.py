# outcome: leaves file
import os
os.makedirs("hostile/inner")
os.chmod("hostile/inner", 0)
os.chmod("hostile", 0)
os.chmod(".", 0)
