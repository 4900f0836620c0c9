"""Our objective as a loss of the real sentence-transformers: in its trainer, and against the formula."""

from pathlib import Path

import pytest
import torch

from latentalign.errors import InputError
from latentalign.families import Independent, Markov
from latentalign.models.huggingface import HuggingFaceEncoder
from latentalign.training.sentence_transformers_loss import AlignmentLoss
from tests.tiny_models import write

LEFT = ["the cat sat", "die Straße", "a dog looked"]
RIGHT = ["a cat on the mat", "im Café", "the dog"]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory):
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer

    folder = write(tmp_path_factory.mktemp("bert"), "bert")
    words = Transformer(str(folder), max_seq_length=32)
    return SentenceTransformer(modules=[words, Pooling(16)], device="cpu").eval()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("family", [Independent(), Markov()], ids=str)
def test_the_loss_is_the_formula(model, family) -> None:
    loss = AlignmentLoss(model, family=family, scale=4.0, null=1.0, temperature=0.5)
    batches = [model.tokenize(LEFT), model.tokenize(RIGHT)]
    with torch.no_grad():
        found = loss(batches, None)
        values = torch.zeros(3, 3)
        sides = []
        for texts in (LEFT, RIGHT):
            for text in texts:
                tokens = model.tokenize([text])
                states = torch.nn.functional.normalize(model(dict(tokens))["token_embeddings"][0], dim=-1)
                sides.append(states[1:-1])
        for k in range(3):
            for number in range(3):
                scores = 4.0 * sides[k] @ sides[3 + number].T - 1.0
                values[k, number] = family.value(scores) / len(sides[k]) / 0.5
        wanted = ((values.logsumexp(dim=0) + values.logsumexp(dim=1)) / 2 - values.diagonal()).mean()
    assert float(found) == pytest.approx(float(wanted), rel=1e-4)


@pytest.mark.filterwarnings("ignore")
def test_its_trainer_trains_with_it_and_our_encoder_reads_the_model(model, tmp_path: Path) -> None:
    pytest.importorskip("datasets", reason="datasets, which its trainer needs, is not installed (extra integrations)")
    from datasets import Dataset
    from sentence_transformers import SentenceTransformerTrainer, SentenceTransformerTrainingArguments

    loss = AlignmentLoss(model)
    batches = [model.tokenize(LEFT), model.tokenize(RIGHT)]
    with torch.no_grad():
        first = float(loss(batches, None))
    arguments = SentenceTransformerTrainingArguments(
        output_dir=str(tmp_path / "run"),
        num_train_epochs=8,
        per_device_train_batch_size=3,
        learning_rate=5e-3,
        report_to=[],
        save_strategy="no",
        disable_tqdm=True,
        use_cpu=True,
    )
    data = Dataset.from_dict({"anchor": LEFT, "positive": RIGHT})
    SentenceTransformerTrainer(model=model, args=arguments, train_dataset=data, loss=loss).train()
    model.eval()
    with torch.no_grad():
        assert float(loss(batches, None)) < first
    model.save_pretrained(str(tmp_path / "saved"))
    assert HuggingFaceEncoder.load(tmp_path / "saved", device="cpu").model.depth == 3


def test_what_is_refused(model) -> None:
    with pytest.raises(InputError, match="two columns"):
        AlignmentLoss(model)([model.tokenize(LEFT)], None)
    with pytest.raises(InputError, match="temperature"):
        AlignmentLoss(model, temperature=0.0)
