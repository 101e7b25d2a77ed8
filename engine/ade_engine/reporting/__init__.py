"""The closing report of a run."""
