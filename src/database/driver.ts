import type { AnyEntity, Configuration, Dictionary, EntityData, LoggingOptions, QueryResult, Transaction } from "@mikro-orm/core";
import { PostgreSqlConnection, PostgreSqlDriver, type NativeQueryBuilder, type RawQueryFragment } from "@mikro-orm/postgresql";
import { CompiledQuery } from "kysely";

/** The object mapper's driver, which sends values beside a statement instead of in its text, so that the server can keep the statement. */
export class Driver extends PostgreSqlDriver {
  protected override readonly connection: PostgreSqlConnection;

  constructor(config: Configuration) {
    super(config);
    this.connection = new Connection(config);
  }
}

class Connection extends PostgreSqlConnection {
  override async execute<T extends QueryResult | EntityData<AnyEntity> | EntityData<AnyEntity>[] = EntityData<AnyEntity>[]>(
    query: string | NativeQueryBuilder | RawQueryFragment,
    params: readonly unknown[] | Dictionary<unknown> = [],
    method: "all" | "get" | "run" = "all",
    ctx?: Transaction,
    loggerContext?: LoggingOptions,
  ): Promise<T> {
    if (typeof query !== "string" || !Array.isArray(params) || params.length === 0) return super.execute(query, params, method, ctx, loggerContext);
    await this.ensureConnection();
    const { text, values } = this.bind(query, params);
    return this.executeQuery(
      query,
      async () => {
        const result = await ((ctx as ReturnType<typeof this.getClient> | undefined) ?? this.getClient()).executeQuery(CompiledQuery.raw(text, values));
        return this.transformRawResult<T>(result, method);
      },
      { params: [...params] },
    );
  }

  /** Replaces every `?` as the mapper does; what is no simple value stays in the text. */
  private bind(query: string, params: readonly unknown[]): { text: string; values: unknown[] } {
    const values: unknown[] = [];
    let next = 0;
    const text = query.replaceAll(/\\\?|\?\??/g, (mark) => {
      if (mark === "\\?") return "?";
      const param = params[next++];
      if (mark === "??" || !isSimple(param)) return this.platform.formatQuery(mark, [param]);
      values.push(param instanceof Date ? param.toISOString() : param);
      return `$${values.length}`;
    });
    return { text, values };
  }
}

/** What the server takes for the same whether it stands in the text or not. */
const isSimple = (value: unknown): boolean => typeof value === "string" || value instanceof Date || (typeof value === "number" && Number.isInteger(value));
