package build

import (
	"context"
	"database/sql"

	"voc/internal/snapshot"
)

// amendList compresses the rows of the list anew that have a touched record.
func (d *Draft) amendList(ctx context.Context) error {
	numbers, err := d.touchedBlocks(ctx)
	if err != nil {
		return err
	}
	for _, number := range numbers {
		block, err := d.readBlock(ctx, number)
		if err != nil {
			return err
		}
		// Deleted first, a row leaves its pages to the new one.
		if err := d.execPrepared(ctx, `DELETE FROM list.block WHERE number = ?`, number); err != nil {
			return err
		}
		if err := d.storeBlock(ctx, number, block); err != nil {
			return err
		}
	}
	return nil
}

func (d *Draft) touchedBlocks(ctx context.Context) (numbers []int, err error) {
	rows, err := d.query(ctx, `SELECT was / ?1 FROM main.touched WHERE was IS NOT NULL
		UNION SELECT pos / ?1 FROM main.touched WHERE pos IS NOT NULL ORDER BY 1`,
		snapshot.BlockPositions)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var number int
		if err := rows.Scan(&number); err != nil {
			return nil, err
		}
		numbers = append(numbers, number)
	}
	return numbers, rows.Err()
}

func (d *Draft) readBlock(ctx context.Context, number int) (block []byte, err error) {
	first := number * snapshot.BlockPositions
	rows, err := d.query(ctx, `SELECT CAST(json AS BLOB) FROM serve.summary
		WHERE pos BETWEEN ? AND ? ORDER BY pos`, first, first+snapshot.BlockPositions-1)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var summary sql.RawBytes
	for rows.Next() {
		if err := rows.Scan(&summary); err != nil {
			return nil, err
		}
		block = appendToBlock(block, summary)
	}
	return block, rows.Err()
}
