# outcome: ok
# says: gone
import os, shutil
os.remove(__file__)
shutil.rmtree(os.getcwd(), ignore_errors=True)
shutil.rmtree(os.environ["SPAWNABLE_FOLDER"], ignore_errors=True)
print("gone")
