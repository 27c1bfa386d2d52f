# SPDX-License-Identifier: Apache-2.0
"""Notes are found by meaning where there is a model; without one, and when it fails, by words."""

import sqlite3
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny_sentence_model import write_model

from swarm_vault.errors import VaultError
from swarm_vault.meaning import VectorBook, encoder_of, filled, nearest
from swarm_vault.meaning import choosing as choosing_module
from swarm_vault.meaning.wordpiece import WordPieces, words_of
from swarm_vault.memory import Front, NoteKind, Standing, write_memory_note
from swarm_vault.recall import asked, learn, recall

VOCABULARY = choosing_module._VOCABULARY


@pytest.fixture
def tiny(tmp_path: Path):
    pytest.importorskip('onnxruntime', reason='extra recall: ./swarm setup --recall')
    return encoder_of(str(write_model(tmp_path / 'tiny')))


@pytest.fixture(params=['tiny', 'of the extra'])
def encoder(request, tmp_path: Path):
    if request.param == 'tiny':
        return request.getfixturevalue('tiny')
    found = encoder_of('')
    if found is None:
        pytest.skip('extra recall: ./swarm setup --recall')
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = tmp_path / 'agents' / 'amr_1'
    for name, title, text, standing in (
        ('gate', 'gate', 'box.', Standing.INFERRED),
        ('floor', 'wet', 'wet.', Standing.OBSERVED),
        ('lie', 'entrance', 'door.', Standing.DISPUTED),
    ):
        front = Front(title=title, standing=standing, since_ns=1, source='s', kind=NoteKind.LESSON)
        write_memory_note(place, name, front, text)
    return place


@cache
def pieces() -> WordPieces:
    return WordPieces(VOCABULARY.read_text(encoding='utf-8').split('\n'))


def recalled(folder: Path, book: VectorBook | None, question: str) -> list[str]:
    return [note.name for note in recall(folder, question, meant=asked(book, question))]


# The contract of every encoder.


def test_a_text_has_one_vector_of_unit_length_whatever_its_company(encoder):
    texts = ['the gate', '', 'crate ' * 500, '\x00\ufffd 北京 \u202e']
    together = encoder.vectors(texts)
    for text, vector in zip(texts, together, strict=True):
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
        assert np.array_equal(vector, encoder.vectors([text])[0])
    assert encoder.vectors([]) == ()


def test_what_means_the_same_is_nearer_than_what_does_not(encoder):
    gate, entrance, wet = encoder.vectors(['gate', 'entrance', 'wet'])
    assert gate @ entrance > gate @ wet


def test_a_model_is_named_by_its_content(encoder, tmp_path):
    pytest.importorskip('onnxruntime')
    other = write_model(tmp_path / 'other')
    with (other / 'vocab.txt').open('a') as file:
        file.write('more\n')
    assert encoder_of(str(other)).model_id != encoder.model_id


# A model that is named and cannot be used is refused with its reason.


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(VaultError, match=r'model\.onnx: cannot be read'):
        encoder_of(str(tmp_path))
    assert encoder_of('none') is None


def test_a_file_that_is_no_model_is_refused(tmp_path):
    pytest.importorskip('onnxruntime')
    write_model(tmp_path)
    (tmp_path / 'model.onnx').write_bytes(b'not a model')
    with pytest.raises(VaultError, match='no ONNX model'):
        encoder_of(str(tmp_path))


def test_a_model_with_other_inputs_is_refused(tmp_path):
    pytest.importorskip('onnxruntime')
    write_model(tmp_path, inputs=('input_ids', 'pixels'))
    with pytest.raises(VaultError, match='found input_ids, pixels'):
        encoder_of(str(tmp_path))


def test_a_vocabulary_of_another_kind_is_refused(tmp_path):
    write_model(tmp_path)
    (tmp_path / 'vocab.txt').write_text('hello\n')
    with pytest.raises(VaultError, match=r'vocabulary without \[UNK\]'):
        encoder_of(str(tmp_path))


def test_numbers_that_the_table_lacks_fail_with_the_models_name(tiny, tmp_path):
    with (tmp_path / 'tiny' / 'vocab.txt').open('a') as file:
        file.write('beyond\n')
    choosing_module.encoder_of.cache_clear()
    with pytest.raises(VaultError, match=r'tiny/model\.onnx@\w+: failed'):
        encoder_of(str(tmp_path / 'tiny')).vectors(['beyond'])


# The book, and recall with it.


def test_other_words_find_the_note_and_disputed_ones_stay_unsaid(tiny, folder, tmp_path):
    book = VectorBook(tmp_path, tiny)
    assert recalled(folder, None, 'entrance door') == []
    assert recalled(folder, book, 'entrance door') == [], 'nothing was read yet'
    assert learn(book, [folder]) == 2
    assert recalled(folder, book, 'entrance door') == ['gate']
    assert recalled(folder, book, 'wet crates') == ['floor', 'gate']


def test_a_text_is_read_once_and_so_many_in_one_go(tiny, folder, tmp_path):
    book = VectorBook(tmp_path, tiny)
    assert [learn(book, [folder], 1) for _ in range(3)] == [1, 1, 0]
    assert learn(VectorBook(tmp_path, tiny), [folder]) == 0, 'it is on the disk'


def test_a_spoilt_book_is_made_anew(tiny, folder, tmp_path):
    book = VectorBook(tmp_path, tiny)
    learn(book, [folder])
    path = tmp_path / 'nexus' / 'recall.sqlite3'
    path.write_bytes(b'nothing of the kind' * 100)
    assert recalled(folder, book, 'entrance') == []
    learn(book, [folder])
    assert recalled(folder, book, 'entrance') == ['gate']
    assert recalled(folder, VectorBook(tmp_path, tiny), 'entrance') == ['gate']


def test_what_the_disk_does_not_take_is_kept_in_memory(tiny, folder, tmp_path):
    (tmp_path / 'nexus').write_text('a file where the folder should be')
    book = VectorBook(tmp_path, tiny)
    assert [learn(book, [folder]) for _ in range(2)] == [2, 0]
    assert recalled(folder, book, 'entrance') == ['gate']


def test_a_vector_that_was_cut_counts_as_none(tiny, folder, tmp_path):
    book = VectorBook(tmp_path, tiny)
    learn(book, [folder])
    with sqlite3.connect(tmp_path / 'nexus' / 'recall.sqlite3') as db:
        db.execute("UPDATE vectors SET vector = x'00112233'")
    db.close()
    assert recalled(folder, book, 'entrance') == []


def test_two_models_never_compare_their_vectors(tiny, folder, tmp_path):
    learn(VectorBook(tmp_path, tiny), [folder])
    other = write_model(tmp_path / 'other', ('input_ids', 'attention_mask', 'token_type_ids'))
    assert learn(VectorBook(tmp_path, encoder_of(str(other))), [folder]) == 2


# What is pure.


@given(st.text(max_size=200), st.integers(2, 20))
def test_any_text_is_cut_into_at_most_so_many_known_pieces(text, most):
    numbers = pieces().numbers(text, most)
    assert (numbers[0], numbers[-1]) == (101, 102)
    assert 2 <= len(numbers) <= most
    assert all(0 <= number < 30_522 for number in numbers)


def test_the_better_half_is_by_words_then_by_meaning():
    words, meaning = ['a', 'b', 'c', 'd'], ['x', 'b', 'y', 'z']
    assert filled(words, meaning, 5) == ['a', 'b', 'c', 'x', 'y']
    assert filled(words, [], 3) == ['a', 'b', 'c']
    assert filled([], meaning, 2) == ['x', 'b']


def test_what_is_far_is_not_near():
    held = {'same': np.array([1.0, 0.0]), 'far': np.array([0.1, 1.0]), 'odd': np.array([1.0])}
    assert nearest(np.array([1.0, 0.0]), held, 5) == ['same']


def test_words_lose_case_and_accents_and_signs_stand_alone():
    assert list(words_of('Ünder-way, 北京!\u200b')) == ['under', '-', 'way', ',', '北', '京', '!']


@pytest.mark.parametrize(
    ('text', 'numbers'),
    [
        ('Boxes at the east gate.', [101, 8378, 2012, 1996, 2264, 4796, 1012, 102]),
        ('unforklifted', [101, 4895, 29278, 2243, 18412, 2098, 102]),
        ('', [101, 102]),
        ('x' * 101, [101, 100, 102]),
        ('a b c d e f', [101, 1037, 1038, 102]),
    ],
)
def test_pieces_are_those_of_the_bert_tokenizer(text, numbers):
    most = 4 if text == 'a b c d e f' else 128
    assert pieces().numbers(text, most) == numbers
