"""Rows of one network: how little is held or read, and what happens when a source misbehaves."""

import re
import threading

import numpy as np
import pytest
from inputs.gathered import REPS, STACK, assert_holds, gather


class TestLazySequences:
    def test_at_most_one_element_is_held(self, lazy_sequence):
        lazy = lazy_sequence(REPS)
        collection = gather(lazy)
        assert lazy.loads == [0, 1, 2]
        assert lazy.alive == 0
        assert not collection.is_resident
        for i in (0, 2, 1):
            np.testing.assert_array_equal(collection.rows(i), REPS[i])
            collection.digest(i)
        assert lazy.alive == 1
        assert lazy.most_alive == 0

    def test_consecutive_reads_load_once(self, lazy_sequence):
        lazy = lazy_sequence(REPS)
        collection = gather(lazy)
        lazy.loads.clear()
        for start in range(0, 12, 3):
            collection.rows(2, start, start + 3)
        assert lazy.loads == [2]

    def test_threads_do_not_load_side_by_side(self, lazy_sequence):
        lazy = lazy_sequence([np.full((50, 3), i, float) for i in range(8)])
        collection = gather(lazy)
        wrong = []

        def read(seed):
            order = np.random.default_rng(seed).integers(8, size=200)
            wrong.extend(i for i in order if not (collection.rows(int(i), 5, 9).copy() == i).all())

        threads = [threading.Thread(target=read, args=(seed,)) for seed in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert wrong == []

    def test_elements_may_be_prepared(self, lazy_sequence, prepared_type):
        prepared = prepared_type(name="old")

        class Mixed(lazy_sequence):
            def __getitem__(self, index):
                return prepared if index == 1 else super().__getitem__(index)

        collection = gather(Mixed(REPS))
        assert collection.names == ("0", "old", "2")
        assert collection.prepared(1) is prepared
        assert collection.prepared(0) is None

    def test_an_element_that_changes_is_refused(self, lazy_sequence):
        lazy = lazy_sequence(list(REPS))
        collection = gather(lazy)
        lazy.arrays[1] = REPS[1][:5]
        with pytest.raises(
            ValueError, match=re.escape("reps[1] had shape (12, 1) and dtype float64 when first loaded")
        ):
            collection.rows(1)

    def test_failures_say_which_element(self, lazy_sequence):
        class Failing(lazy_sequence):
            def __getitem__(self, index):
                raise ConnectionError("server gone")

        with pytest.raises(ConnectionError, match="server gone") as caught:
            gather(Failing(REPS), names=["a", "b", "c"])
        assert caught.value.__notes__ == ["while loading pairwise_cca: reps[0] ('a')"]

    def test_wrong_elements_are_named(self, lazy_sequence):
        with pytest.raises(ValueError, match=re.escape("pairwise_cca: reps[1] has shape (4,)")):
            gather(lazy_sequence([REPS[0], REPS[0][0]]))

    def test_length_is_needed(self):
        class Endless:
            def __getitem__(self, index):
                return REPS[0]

        with pytest.raises(TypeError, match="reps is an Endless without a length; expected one with __len__"):
            gather(Endless())


class TestSlowArrays:
    def test_only_the_rows_asked_for_are_read(self, slow_array):
        datasets = [slow_array(x) for x in REPS]
        collection = gather(datasets)
        assert not collection.is_resident
        assert [dataset.rows_read for dataset in datasets] == [0, 0, 0]
        np.testing.assert_array_equal(collection.rows(2, 3, 7), REPS[2][3:7])
        assert [dataset.rows_read for dataset in datasets] == [0, 0, 4]

    def test_stack(self, slow_array):
        dataset = slow_array(STACK)
        collection = gather(dataset)
        assert dataset.rows_read == 0
        np.testing.assert_array_equal(collection.rows(2, 3, 7), STACK[2, 3:7])
        assert dataset.rows_read == 4
        assert_holds(collection, list(STACK))

    def test_a_dataset_that_lies_is_refused(self, slow_array):
        class Short(slow_array):
            def __getitem__(self, key):
                return super().__getitem__(key)[:2]

        with pytest.raises(ValueError, match=re.escape("reps[0] gave shape (2, 4) for rows 0:12; expected (12, 4)")):
            gather([Short(REPS[0])]).rows(0)

    def test_failures_say_which_network(self, slow_array):
        class Closed(slow_array):
            def __getitem__(self, key):
                raise OSError("file is closed")

        with pytest.raises(OSError, match="file is closed") as caught:
            gather([REPS[0], Closed(REPS[1])])
        assert caught.value.__notes__ == ["while loading pairwise_cca: reps[1]"]


class TestPrepared:
    def test_mixed_with_arrays(self, prepared_type):
        prepared = prepared_type(units=9, name="gru")
        collection = gather([REPS[0], prepared, prepared_type()])
        assert collection.names == ("0", "gru", "2")
        assert collection.units == (4, 9, 4)
        assert collection.prepared(0) is None
        assert collection.prepared(1) is prepared
        assert collection.is_resident

    def test_has_no_rows(self, prepared_type):
        collection = gather([prepared_type(name="gru")])
        text = "pairwise_cca: reps[0] ('gru') is a prepared Representation, which keeps no rows"
        with pytest.raises(TypeError, match=re.escape(text)):
            collection.rows(0)
        with pytest.raises(TypeError, match=re.escape(text)):
            collection.digest(0)

    def test_the_same_one_twice_is_no_name_clash(self, prepared_type):
        prepared = prepared_type(name="gru")
        assert gather([prepared, prepared, prepared_type(name="lstm")]).names == ("gru (0)", "gru (1)", "lstm")
