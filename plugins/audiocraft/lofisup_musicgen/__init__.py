"""lofisup's reference plug-in: music from any MusicGen model, over the plug-in protocol."""

VERSION = "1.0"
