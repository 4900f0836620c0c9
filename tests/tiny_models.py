"""Checkpoints of a few kilobytes with random weights, and tokenizers trained on the spot."""

from pathlib import Path

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors, trainers
from tokenizers import models as piece_models

from latentalign.models.units import Units
from latentalign.text.words import words

CORPUS = [
    "The cat sat on the mat, and a naïve dog looked at it.",
    "Die Straße ist schön: 👩‍👩‍👧 und 👍🏽 im Café.",
    "abcdefghijklmnopqrstuvwxyz ABCDEFGHIJKLMNOPQRSTUVWXYZ 0123456789",
]
LAYERS = 3
SIZES = {
    "hidden_size": 16,
    "num_hidden_layers": LAYERS,
    "num_attention_heads": 2,
    "intermediate_size": 32,
    "vocab_size": 400,
}
T5 = {"d_model": 16, "num_layers": LAYERS, "num_heads": 2, "d_kv": 8, "d_ff": 32, "vocab_size": 400}
KINDS = {
    "bert": ("BertModel", "BertConfig", {**SIZES, "max_position_embeddings": 40}, "wordpiece"),
    "roberta": ("RobertaModel", "RobertaConfig", {**SIZES, "max_position_embeddings": 42}, "bytes"),
    "albert": ("AlbertModel", "AlbertConfig", {**SIZES, "max_position_embeddings": 40}, "wordpiece"),
    "modernbert": (
        "ModernBertModel",
        "ModernBertConfig",
        {**SIZES, "max_position_embeddings": 48, "pad_token_id": 0, "cls_token_id": 2, "sep_token_id": 3},
        "wordpiece",
    ),
    "t5": ("T5Model", "T5Config", T5, "unigram"),
}


def units(text: str) -> Units:
    return Units(text=text, spans=words(text))


def write(folder: Path, kind: str) -> Path:
    """Write a checkpoint of a kind with random weights, in evaluation the same for the same kind."""
    import transformers

    model, config, settings, tokenizer = KINDS[kind]
    torch.manual_seed(0)
    made = getattr(transformers, model)(getattr(transformers, config)(**settings))
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.2)  # away from the near-zero initialisation
    made.save_pretrained(folder)
    TOKENIZERS[tokenizer]().save_pretrained(folder)
    return folder


def wordpiece() -> object:
    """Characters and short words; not trained, since a trainer breaks ties in another way in each process."""
    normalizer, splitter = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
    found = {word for line in CORPUS for word, _ in splitter.pre_tokenize_str(normalizer.normalize_str(line))}
    letters = {letter for word in found for letter in word}
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *sorted(letters), *sorted(f"##{letter}" for letter in letters)]
    pieces += sorted(word for word in found if 2 <= len(word) <= 4)
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(piece_models.WordPiece(vocab=vocabulary, unk_token="[UNK]"))
    made.normalizer, made.pre_tokenizer = normalizer, splitter
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return fast(made, pad_token="[PAD]", unk_token="[UNK]", cls_token="[CLS]", sep_token="[SEP]")


def bytes_() -> object:
    made = Tokenizer(piece_models.BPE())
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<s>", "<pad>", "</s>", "<unk>"],
        show_progress=False,
    )
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    return fast(made, pad_token="<pad>", cls_token="<s>", sep_token="</s>", unk_token="<unk>")


def unigram() -> object:
    made = Tokenizer(piece_models.Unigram())
    made.pre_tokenizer = pre_tokenizers.Metaspace()
    trainer = trainers.UnigramTrainer(
        vocab_size=150, special_tokens=["<pad>", "</s>", "<unk>"], unk_token="<unk>", show_progress=False
    )
    made.train_from_iterator(CORPUS, trainer)
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 1)])
    return fast(made, pad_token="<pad>", eos_token="</s>", unk_token="<unk>")


def fast(tokenizer: Tokenizer, **special: str) -> object:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


TOKENIZERS = {"wordpiece": wordpiece, "bytes": bytes_, "unigram": unigram}
