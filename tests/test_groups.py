import pytest

from pyrnnsim.groups import infer_groups, read_groups


@pytest.mark.parametrize(
    ("names", "groups"),
    [
        (
            ["task_gru_64_s1_trained", "task_gru_64_s1_initial", "task_lstm_32_s2_trained", "task_lstm_32_s2_initial"],
            None,  # every name would be a group of its own
        ),
        (["task_gru_1", "task_gru_2", "task_lstm_1", "task_lstm_2"], ["gru", "gru", "lstm", "lstm"]),
        (["gru-tanh/1", "gru-tanh/2", "gru-relu/1", "gru-relu/2"], ["tanh", "tanh", "relu", "relu"]),
        (["relu_1", "relu_2", "relu_dropout_1", "relu_dropout_2"], ["relu", "relu", "dropout", "dropout"]),
        (["gru_alice", "gru_bob", "lstm_carol", "lstm_dave"], ["gru", "gru", "lstm", "lstm"]),
        (["gru_1", "gru_2", "lstm_1"], ["gru", "gru", "lstm"]),
        (["trained/net_0", "initial/net_0", "trained/net_1"], ["trained", "initial", "trained"]),
        (["net_1", "net_2"], None),
        (["1", "2", "3"], None),
        (["a", "b", "c"], None),
        ([], None),
    ],
)
def test_groups_from_names(names, groups):
    assert infer_groups(names) == groups


def test_groups_by_pattern():
    names = ["a_trained", "b_trained", "a_initial"]
    assert read_groups("(trained|initial)", names) == ["trained", "trained", "initial"]


@pytest.mark.parametrize(
    ("pattern", "message"),
    [
        ("(gru", "is not a valid regular expression"),
        ("gru", r"captures nothing; put the group in parentheses, as in '_\(gru\)_'"),
        ("(gru)", "1 of 2 networks do not match '\\(gru\\)': 'lstm_1'"),
        ("(x)?", "2 of 2 networks do not match"),
    ],
)
def test_bad_patterns_are_refused(pattern, message):
    with pytest.raises(ValueError, match=message):
        read_groups(pattern, ["gru_1", "lstm_1"])


def test_only_the_first_offenders_are_listed():
    with pytest.raises(ValueError, match="7 of 7 .*'n4' and 2 more"):
        read_groups("(x)", [f"n{i}" for i in range(7)])


def test_groups_by_table(tmp_path):
    table = tmp_path / "labels.csv"
    table.write_text("name,group\nb, two \n\na,one\nunused,three\n", encoding="utf-8")
    assert read_groups(str(table), ["a", "b"]) == ["one", "two"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,group\na,one\n", "1 of 2 networks do not appear in .*'b'"),
        ("a,one\na,two\nb,one\n", "gives 'a' two groups: 'one' and 'two'"),
        ("a,one,more\n", "row 1 has 3 columns, expected name,group"),
        ("a,\nb,one\n", "1 of 2 networks do not appear in .*'a'"),
    ],
)
def test_bad_tables_are_refused(tmp_path, text, message):
    table = tmp_path / "labels.csv"
    table.write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        read_groups(str(table), ["a", "b"])


def test_missing_and_binary_tables_are_refused(tmp_path):
    with pytest.raises(ValueError, match="there is no file '.*labels.csv'"):
        read_groups(str(tmp_path / "labels.csv"), ["a"])
    (tmp_path / "labels.csv").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="not a UTF-8 text table"):
        read_groups(str(tmp_path / "labels.csv"), ["a"])
