"""Training of the embedded base from a corpus on disk: autoencoder, text encoder, UNet.

    corpus/*.png + *.json ─► autoencoder ─► latents ─► denoiser (UNet + text encoder) ─► assemble

Every stage reads and writes a folder, can be stopped at any step and goes on where it
was. Knows nothing of houses or rules: a corpus is pictures and captions.
"""
