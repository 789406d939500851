// Package pdftext reads the text of PDF documents with its position.
package pdftext
