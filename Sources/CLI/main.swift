print("lofisup")
