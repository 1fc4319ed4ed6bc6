"""Files that carry payments to banks: ISO 20022 pain.001, NACHA and positive pay. See README.md."""

from adapters.payment_files.build import build_files, build_positive_pay, message_id_of, one_file, positive_pay_writer
from adapters.payment_files.layout import PositivePayLayout, layout_of, read_layout
from adapters.payment_files.nacha import nacha_file
from adapters.payment_files.pain001 import pain001_file
from adapters.payment_files.payments import PaymentFileError
from adapters.payment_files.positive_pay import positive_pay_file

__all__ = [
    "PaymentFileError",
    "PositivePayLayout",
    "build_files",
    "build_positive_pay",
    "layout_of",
    "message_id_of",
    "nacha_file",
    "one_file",
    "pain001_file",
    "positive_pay_file",
    "positive_pay_writer",
    "read_layout",
]
